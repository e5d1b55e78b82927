"""Train the image projection and the text tower of `starter`.

    python training/starter/train.py --shared ../shared --out src/framesift/embeddings/data

About five minutes on two processor cores. The trunk stays frozen. Images and texts are drawn
together by CLIP's contrastive loss on 7,091 photos of Flickr8k with their captions and on 1,000
ImageNet photos with class names; a sentence encoder (all-MiniLM-L6-v2) gives word vectors their
start and, as a teacher, draws captions to where a linear map of its own embedding lies.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import teacher
import torch
from concepts import TEMPLATES, everyday_names
from data import Flickr, ImageNetSample, load_flickr, load_imagenet
from export import write_model
from network import ImageTower, Starter, TextTower, contrastive_loss
from torch.nn import functional as F

from framesift.embeddings.starter_model import DIM
from framesift.embeddings.starter_text import known_words, split_words
from framesift.embeddings.starter_weights import load_trunk_weights


@dataclass(frozen=True)
class Recipe:
    """Every choice of the training, found on the training side of the split and CIFAR-free."""

    epochs: int = 30
    batch: int = 512
    class_batch: int = 128
    learning_rate: float = 1e-3
    shift_decay: float = 0.05
    image_dropout: float = 0.5
    word_dropout: float = 0.1
    two_captions: float = 0.3
    everyday: float = 0.4
    plain_view: float = 0.3
    teacher_weight: float = 1.0
    teacher_pull: float = 5.0
    seed: int = 0


class Trainer:
    """Holds the data and the model; `run` trains.

    Args:
        recipe: The choices.
        flickr: Photos and captions.
        imagenet: Photos and class names.
    """

    def __init__(self, recipe: Recipe, flickr: Flickr, imagenet: ImageNetSample) -> None:
        """Read everything into memory and make the untrained model."""
        self.recipe = recipe
        self.rng = np.random.default_rng(recipe.seed)
        torch.manual_seed(recipe.seed)
        self.flickr, self.imagenet = flickr, imagenet
        self.features = torch.from_numpy(flickr.features)
        self.views = torch.from_numpy(imagenet.views)
        self.words = self._vocabulary()
        self.row = {word: i for i, word in enumerate(self.words)}
        self.captions = [[list(known_words(c, self.row)) for c in five] for five in flickr.captions]
        print(f"{len(self.words)} words; encoding captions and words", flush=True)
        flat = teacher.encode([caption for five in flickr.captions for caption in five])
        self.encoded = torch.from_numpy(flat.reshape(len(flickr.captions), -1, teacher.WIDTH))
        self.model = self._build()

    def _vocabulary(self) -> list[str]:
        """Give the words of the training captions, of class names, and the encoder's own."""
        texts = [c for i in self.flickr.train for c in self.flickr.captions[i]]
        texts += [*self.imagenet.names, *(n for ns in everyday_names().values() for n in ns)]
        texts += [template.format("") for template in TEMPLATES]
        seen = {word for text in texts for word in split_words(text)}
        return sorted(seen | {word for word in teacher.vocabulary() if len(word) > 1})

    def _build(self) -> Starter:
        recipe, weights = self.recipe, load_trunk_weights()
        count = Counter(w for i in self.flickr.train for c in self.captions[i] for w in set(c))
        total = 5 * len(self.flickr.train)
        rarity = [np.log(total / (count.get(i, 0) + 20)) for i in range(len(self.words))]
        classifier = torch.tensor(weights["_fc.weight"]), torch.tensor(weights["_fc.bias"])
        names = torch.from_numpy(teacher.encode(self.imagenet.names))
        image = ImageTower(classifier, names, DIM, recipe.image_dropout)
        vectors = torch.from_numpy(teacher.encode(self.words))
        text = TextTower(vectors, torch.tensor(rarity).float(), DIM, recipe.word_dropout)
        return Starter(image, text, DIM)

    def run(self) -> Starter:
        """Train to the end and return the model in evaluation mode."""
        recipe, model = self.recipe, self.model
        steps = len(self.flickr.train) // recipe.batch
        shift = list(model.text.shift.parameters())
        rest = [p for n, p in model.named_parameters() if not n.startswith("text.shift")]
        groups = [
            {"params": shift, "weight_decay": recipe.shift_decay},
            {"params": rest, "weight_decay": 0.0},
        ]
        optimiser = torch.optim.AdamW(groups, lr=recipe.learning_rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, recipe.learning_rate, total_steps=recipe.epochs * steps, pct_start=0.1
        )
        start = time.monotonic()
        for epoch in range(recipe.epochs):
            order = self.rng.permutation(self.flickr.train)[: steps * recipe.batch]
            for photos in order.reshape(steps, recipe.batch):
                loss = self._loss(photos)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
            print(f"epoch {epoch + 1}: loss {loss.item():.3f}, {time.monotonic() - start:.0f} s")
        return model.eval()

    def _loss(self, photos: np.ndarray) -> torch.Tensor:
        """Give the loss of one batch of photos and as many ImageNet classes as the recipe says."""
        recipe, model = self.recipe, self.model
        which = self.rng.integers(0, 5, len(photos))
        classes = self.rng.choice(1000, recipe.class_batch, replace=False)
        names = [self._name(c) for c in classes]
        view = self.rng.integers(0, len(self.views), len(classes))
        view[self.rng.random(len(classes)) < recipe.plain_view] = 0
        features = torch.cat([self.features[photos], self.views[view, classes]])
        texts = [self._caption(p, w) for p, w in zip(photos, which, strict=True)]
        texts += [self._prompt(name) for name in names]
        images, sentences = model.image(features), model.text(texts)
        same = torch.zeros(len(texts), len(texts), dtype=torch.bool)
        alike = np.array(names)[:, None] == np.array(names)[None]
        same[len(photos) :, len(photos) :] = torch.from_numpy(
            alike & ~np.eye(len(names), dtype=bool)
        )
        loss = contrastive_loss(images, sentences, model.scale, same)
        taught = F.normalize(model.teacher(self.encoded[photos, which]), dim=1)
        pull = 1 - (sentences[: len(photos)] * taught.detach()).sum(1).mean()
        matched = contrastive_loss(images[: len(photos)], taught, model.scale)
        return loss + recipe.teacher_weight * (matched + recipe.teacher_pull * pull)

    def _caption(self, photo: int, which: int) -> list[int]:
        rows = self.captions[photo][which]
        if self.rng.random() < self.recipe.two_captions:
            return rows + self.captions[photo][self.rng.integers(0, 5)]
        return rows

    def _name(self, position: int) -> str:
        everyday = EVERYDAY.get(position)
        if everyday and self.rng.random() < self.recipe.everyday:
            return everyday[self.rng.integers(0, len(everyday))]
        return self.imagenet.names[position]

    def _prompt(self, name: str) -> list[int]:
        template = TEMPLATES[self.rng.integers(0, len(TEMPLATES))]
        return list(known_words(template.format(name), self.row))


EVERYDAY = everyday_names()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="folder of labelled files")
    parser.add_argument("--out", type=Path, required=True, help="folder for starter.safetensors")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    options = parser.parse_args()
    torch.set_num_threads(2)
    from trunk_only import trunk_embedder

    imagenet = load_imagenet(options.shared, trunk_embedder())
    recipe = Recipe(epochs=options.epochs, seed=options.seed)
    trainer = Trainer(recipe, load_flickr(options.shared), imagenet)
    path = write_model(trainer.run(), trainer.words, options.out)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
