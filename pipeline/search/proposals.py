"""Proposals: which values a search tries next, by hyperopt's methods."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.search import Method
from pipeline.search.dimension import Dimension
from pipeline.search.entry import Params
from pipeline.search.space import Space

if TYPE_CHECKING:
    from hyperopt.base import Domain, Trials

_GAMMA = 0.25
"""The best gamma * sqrt(n) of n trials are what tpe takes for good ones; hyperopt's own value."""


class Proposer:
    """Proposes trials from what was told of others.

    A proposal depends on the space, the method, its settings, what was told in which order, and
    the number of the trial; on nothing else. So nothing has to be stored but the trials.
    """

    def __init__(self, space: Space, method: Method, seed: int, startup: int) -> None:
        """Begin with no trial.

        Args:
            space: What there is to choose.
            method: tpe, anneal or random.
            seed: Of all proposals.
            startup: Trials with a score before tpe's estimators are used; chance until then.
        """
        from hyperopt.base import Domain, Trials  # noqa: PLC0415 - takes a second, rarely needed

        self.space = space
        self.method = method
        self.seed = seed
        self.startup = startup
        self._domain: Domain = Domain(lambda _: None, _expression(space))
        self._trials: Trials = Trials()
        self._told = 0
        self._scored = 0

    def tell(self, params: Params, score: float | None) -> None:
        """Say what came of a trial.

        Args:
            params: Its values, all of this space.
            score: The larger the better; None if it failed or was rejected, from which a method
                learns to stay away.

        Raises:
            OutsideError: If a value is none of the space's.
        """
        from hyperopt.base import (  # noqa: PLC0415 - takes a second, rarely needed
            JOB_STATE_DONE,
            STATUS_FAIL,
            STATUS_OK,
        )

        number, values = self._told, self.space.completed(params)
        failed = score is None or not math.isfinite(score)
        result: dict[str, Any] = {"status": STATUS_FAIL}
        if score is not None and not failed:
            result = {"status": STATUS_OK, "loss": -float(score)}
        active = {each.name: each.name in values for each in self.space.dimensions}
        misc = {
            "tid": number,
            "cmd": self._domain.cmd,
            "workdir": None,
            "idxs": {name: [number] if there else [] for name, there in active.items()},
            "vals": {
                each.name: [_encoded(each, values[each.name])] if active[each.name] else []
                for each in self.space.dimensions
            },
        }
        docs = self._trials.new_trial_docs([number], [None], [result], [misc])
        docs[0]["state"] = JOB_STATE_DONE
        self._trials.insert_trial_docs(docs)
        self._told += 1
        self._scored += not failed

    def ask(self, number: int) -> Params:
        """Values to try as the trial of this number."""
        from hyperopt import anneal, rand, tpe  # noqa: PLC0415 - takes a second, rarely needed

        state = np.random.SeedSequence((self.seed, number)).generate_state(1)
        told, seed = [self._told], int(state[0])
        # Told trials are looked at here alone; refreshing after each would take n * n.
        self._trials.refresh()
        # Where nearly all trials failed, failed ones would be among the best, and be followed.
        enough = self._scored >= max(1, math.ceil(_GAMMA * math.sqrt(self._told)))
        if self.method == "tpe" and enough and self._scored >= self.startup:
            docs = tpe.suggest(
                told,
                self._domain,
                self._trials,
                seed,
                n_startup_jobs=0,
                gamma=_GAMMA,
                verbose=False,
            )
        elif self.method == "anneal" and enough:
            docs = anneal.suggest(told, self._domain, self._trials, seed)
        else:
            docs = rand.suggest(told, self._domain, self._trials, seed)
        drawn = docs[0]["misc"]["vals"]
        return {
            each.name: _decoded(each, drawn[each.name][0])
            for each in self.space.dimensions
            if len(drawn[each.name])
        }


def _expression(space: Space) -> dict[str, Any]:
    """The space as hyperopt draws it.

    A dimension is one node, also where several options lead to it: it stands inside a switch of
    each of its ancestors, and is drawn, and learned from, only where all of them lead to it.
    """
    from hyperopt.pyll import scope  # noqa: PLC0415 - takes a second, rarely needed

    nodes = {each.name: _node(each) for each in space.dimensions}
    tree: dict[str, Any] = {}
    for each in space.dimensions:
        branch = nodes[each.name]
        # Outermost last: hyperopt must know an ancestor before what depends on it.
        for parent, accepted in reversed(_ancestors(space, each)):
            options = [
                branch if option in accepted else None for option in range(len(parent.options))
            ]
            branch = scope.switch(nodes[parent.name], *options)
        tree[each.name] = branch
    return tree


def _ancestors(space: Space, dimension: Dimension) -> list[tuple[Dimension, set[int]]]:
    """All that a dimension's being there depends on, in the file's order, with what it may be."""
    accepted: dict[str, set[int]] = {}
    waiting = [dimension]
    while waiting:
        for parent in waiting.pop().when:
            above = space.dimension(parent.name)
            numbers = {above.position(value) for value in parent.values}
            accepted[parent.name] = accepted.get(parent.name, numbers) & numbers
            waiting.append(above)
    return [(each, accepted[each.name]) for each in space.dimensions if each.name in accepted]


def _node(dimension: Dimension) -> Any:
    """The node that hyperopt draws a dimension from: options and grids by number."""
    from hyperopt.pyll import scope  # noqa: PLC0415 - takes a second, rarely needed

    if dimension.kind == "choice":
        drawn = scope.randint(len(dimension.options))
    elif dimension.step is None and dimension.kind == "uniform":
        drawn = scope.uniform(dimension.low, dimension.high)
    elif dimension.step is None:
        drawn = scope.loguniform(math.log(dimension.low), math.log(dimension.high))
    else:
        # Half a step beyond the bounds, so that these are drawn as often as others.
        low, high = dimension.first() - 0.5, dimension.last() + 0.5
        if dimension.kind == "uniform":
            drawn = scope.quniform(low, high, 1)
        else:
            drawn = scope.qloguniform(math.log(low), math.log(high), 1)
    return scope.hyperopt_param(dimension.name, drawn)


def _encoded(dimension: Dimension, value: Any) -> int | float:
    """A value as hyperopt's node gives it."""
    if dimension.kind == "choice" or dimension.step is not None:
        return dimension.position(value)
    return float(value)


def _decoded(dimension: Dimension, drawn: Any) -> Any:
    """What a draw stands for, in bounds and on the grid whatever the rounding."""
    if dimension.kind == "choice":
        return dimension.options[int(drawn)]
    if dimension.step is None:
        return min(max(float(drawn), float(dimension.low)), float(dimension.high))
    return dimension.at(min(max(round(float(drawn)), dimension.first()), dimension.last()))
