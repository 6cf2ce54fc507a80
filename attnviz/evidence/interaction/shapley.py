"""Which players matter, and which need each other: Shapley values and interaction indices.

A game gives each coalition of players a value. Here the players are regions of a picture and the
value is a class's score while only the coalition is sharp, but nothing in this file knows that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np
import numpy.typing as npt

from attnviz.errors import EvidenceError
from attnviz.types import BoolArray, DoubleArray, IntArray

# The values float [m] of the coalitions bool [m, n]; True says that the player is there.
Game = Callable[[BoolArray], npt.ArrayLike]

EXACT_PLAYERS = 8  # 256 coalitions


@dataclass(frozen=True, eq=False)
class Interactions:
    """What players bring, alone and in pairs.

    shapley: float64 [n]; they sum to `everyone - nobody`. interaction: float64 [n, n], symmetric,
    0 on the diagonal; positive where two need each other (synergy), negative where one can stand in
    for the other (redundancy). shapley_error, interaction_error: standard errors of the same
    shapes; 0 if all coalitions were asked, NaN where a pair was met less than twice (its
    interaction is NaN if it was never met). nobody, everyone: values of no player and of all.
    """

    shapley: DoubleArray
    interaction: DoubleArray
    shapley_error: DoubleArray
    interaction_error: DoubleArray
    nobody: float
    everyone: float


def exact_interactions(game: Game, players: int) -> Interactions:
    """From the values of all 2^n coalitions, for up to 8 players.

    Shapley value (Shapley 1953) and interaction index (Grabisch & Roubens 1999):
    `I_ij = sum over S without i, j of |S|! (n-|S|-2)! / (n-1)! [v(Sij) - v(Si) - v(Sj) + v(S)]`.

    Raises EvidenceError for no player or more than 8, and for values that are not finite.
    """
    if not 1 <= players <= EXACT_PLAYERS:
        raise EvidenceError(
            f"All coalitions can be asked of 1 to {EXACT_PLAYERS} regions, not of {players}. "
            "Take fewer regions, or a sample of coalitions."
        )
    codes = np.arange(2**players)
    present = (codes[:, None] >> np.arange(players) & 1).astype(bool)
    value = _asked(game, present)
    sizes = present.sum(1)
    shapley, interaction = np.zeros(players), np.zeros((players, players))
    for i in range(players):
        without = codes[~present[:, i]]
        weight = _weights(players, 1)[sizes[without]]
        shapley[i] = weight @ (value[without | 1 << i] - value[without])
        for j in range(i):
            neither = without[~present[without, j]]
            both, first, second = neither | 1 << i | 1 << j, neither | 1 << i, neither | 1 << j
            gain = value[both] - value[first] - value[second] + value[neither]
            interaction[i, j] = interaction[j, i] = _weights(players, 2)[sizes[neither]] @ gain
    none = np.zeros_like(shapley), np.zeros_like(interaction)
    return Interactions(shapley, interaction, *none, float(value[0]), float(value[-1]))


def sampled_interactions(
    game: Game, players: int, *, orders: int = 64, seed: int = 0
) -> Interactions:
    """From random orders in which the players arrive, each followed by its reverse.

    Along an order a player brings what it adds to those before it (Castro et al. 2009); the reverse
    order cancels much of the noise (antithetic pairs). Two neighbours in an order have an unbiased
    sample of their interaction index, for one coalition more. An order of n players asks for
    2n - 2 coalitions between nobody and everyone.

    Args:
        game: the values of coalitions.
        players: 2 or more.
        orders: how many orders, an even number of 4 or more.
        seed: of the orders.

    Raises EvidenceError for too few players or orders, and for values that are not finite.
    """
    if players < 2 or orders < 4 or orders % 2:
        raise EvidenceError(
            f"A sample needs 2 regions or more and an even number of orders from 4 up; "
            f"there are {players} regions and {orders} orders."
        )
    random = np.random.default_rng(seed)
    ends = _asked(game, np.repeat([[False], [True]], players, axis=1))
    brought = np.zeros((orders // 2, players))
    pairs = _Pairs(players)
    for pair in range(orders // 2):
        order = random.permutation(players)
        together = np.zeros(players - 1)
        for step in (1, -1):  # an order and its reverse: one sample, for they are not independent
            prefix, skipped = _along(game, order[::step], ends)
            brought[pair, order[::step]] += np.diff(prefix) / 2
            together += (prefix[2:] - prefix[1:-1] - skipped + prefix[:-2])[::step] / 2
        pairs.add(order, together)
    error = brought.std(0, ddof=1) / np.sqrt(len(brought))
    nobody, everyone = map(float, ends)
    return Interactions(brought.mean(0), pairs.mean(), error, pairs.error(), nobody, everyone)


@dataclass(frozen=True, eq=False)
class PairGains:
    """What two players bring together beyond what each brings, float64 [n, n], 0 on the diagonal.

    alone: to nobody, `v(ij) - v(i) - v(j) + v()`. in_context: to all others,
    `v(N) - v(N-i) - v(N-j) + v(N-ij)`. The interaction index is a mean over all that lies between
    the two, which disagree where a value saturates.
    """

    alone: DoubleArray
    in_context: DoubleArray


def pair_gains(game: Game, players: int) -> PairGains:
    """The cheap two ends of an interaction: n^2 + n + 2 coalitions in one question.

    Raises EvidenceError for less than two players, and for values that are not finite.
    """
    if players < 2:
        raise EvidenceError(f"A pair takes two regions; there are {players}. Take more regions.")
    first, second = np.triu_indices(players, 1)
    single = np.eye(players, dtype=bool)
    few = np.concatenate([np.zeros((1, players), bool), single, single[first] | single[second]])
    value = _asked(game, np.concatenate([few, ~few]))
    found = []
    for part in np.split(value, 2):
        one, two = part[1 : players + 1], part[players + 1 :]
        gain = np.zeros((players, players))
        gain[first, second] = two - one[first] - one[second] + part[0]
        found.append(gain + gain.T)
    return PairGains(*found)


class _Pairs:
    """Running sums over the samples of each pair of players."""

    def __init__(self, players: int) -> None:
        self.count, self.total, self.squares = np.zeros((3, players, players))

    def add(self, order: IntArray, samples: DoubleArray) -> None:
        """A sample for each two neighbours of the order."""
        for first, second in ((order[:-1], order[1:]), (order[1:], order[:-1])):
            self.count[first, second] += 1
            self.total[first, second] += samples
            self.squares[first, second] += samples**2

    def mean(self) -> DoubleArray:
        """NaN where a pair was never met, 0 on the diagonal."""
        met = np.maximum(self.count, 1)
        mean = np.where(self.count > 0, self.total / met, np.nan)
        np.fill_diagonal(mean, 0.0)
        return np.asarray(mean, dtype=np.float64)

    def error(self) -> DoubleArray:
        """Standard errors; NaN where a pair was met less than twice, 0 on the diagonal."""
        met = np.maximum(self.count, 2)
        spread = np.maximum(self.squares - self.total**2 / met, 0) / (met - 1)
        error = np.where(self.count >= 2, np.sqrt(spread / met), np.nan)
        np.fill_diagonal(error, 0.0)
        return np.asarray(error, dtype=np.float64)


def _along(game: Game, order: IntArray, ends: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Values of the first 0..n of the order, and of each prefix whose last but one stayed away."""
    players = len(order)
    rank = np.empty(players, dtype=np.int64)
    rank[order] = np.arange(players)
    prefixes = rank < np.arange(1, players)[:, None]
    skipping = rank < np.arange(2, players + 1)[:, None]
    skipping &= rank != np.arange(players - 1)[:, None]
    values = _asked(game, np.concatenate([prefixes, skipping]))
    return np.concatenate([ends[:1], values[: players - 1], ends[1:]]), values[players - 1 :]


def _asked(game: Game, coalitions: BoolArray) -> DoubleArray:
    values = np.asarray(game(coalitions), dtype=np.float64)
    if values.shape != (len(coalitions),) or not np.isfinite(values).all():
        raise EvidenceError(
            "The score of a coalition of regions is not a finite number. "
            "The network's output cannot be weighed; look at its weights."
        )
    return values


def _weights(players: int, together: int) -> DoubleArray:
    """Of a coalition by its size, for `together` players who join it at once."""
    rest = players - together
    return np.array(
        [factorial(s) * factorial(rest - s) / factorial(rest + 1) for s in range(rest + 1)]
    )
