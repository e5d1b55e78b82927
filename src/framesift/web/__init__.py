"""Pages served on this machine alone.

::

    server        HTTP on 127.0.0.1 behind a secret address; knows nothing of pictures
    table         a CSV file that grows by whole lines and survives a crash
    ratings       ratings in such a file            pairs     comparisons in such a file
    strength      from comparisons to ratings (Bradley-Terry with ties)
    gallery       the pictures of a folder, in an order, as JPEGs of a wanted size
    rate_desk, pair_desk    what one sitting knows and does
    rate_page     their addresses; data/ has the HTML, CSS and JavaScript
"""
