# SPDX-License-Identifier: BSD-2-Clause
"""Rows of the models in tests/models: every state of small worlds, by spin."""
import pathlib
import sys

from evidence import Outcome, Row, complain

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))
import models


def check(name, worlds, is_fair):
    states = 0
    for world in worlds:
        done = models.search(name, world, is_fair, is_large=True)
        states += done.states
        if done.error:
            complain(done.output)
            return Outcome(False, f"{states:,} states", f"{name} {world}: {done.error}")
    return Outcome(True, f"{states:,} states")


def twins(model):
    return {f"{model.name}: {twin.lower().replace('_', ' ')}":
        lambda twin=twin, world=world: models.find(model.name, twin, world)
        for twin, world in model.twins.items()}


def rows():
    for model in models.MODELS:
        yield Row(model.safe, "spin",
            lambda model=model: check(model.name, model.worlds + model.large, False),
            twins(model))
        yield Row(model.live, "spin, fair",
            lambda model=model: check(model.name, model.fair, True), {})
