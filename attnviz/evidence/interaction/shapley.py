"""Shapley values and interaction indices of the players of a cooperative game.

A game gives each coalition of players a value. Here the players are regions of a picture and the
value is a class's score while only the coalition is sharp, but this module is independent of that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np
import numpy.typing as npt

from attnviz.errors import EvidenceError
from attnviz.types import BoolArray, DoubleArray, IntArray

# Maps coalitions bool [m, n], True where a player is present, to values float [m].
Game = Callable[[BoolArray], npt.ArrayLike]

EXACT_PLAYERS = 8  # 256 coalitions


@dataclass(frozen=True, eq=False)
class Interactions:
    """Shapley values of players, and interaction indices of pairs.

    Attributes
    ----------
    shapley : float64 [n]
        Sum to `full_value - empty_value`.
    interaction : float64 [n, n]
        Symmetric, 0 on the diagonal; positive where two players need each other (synergy), negative
        where one can replace the other (redundancy).
    shapley_error, interaction_error : float64 [n], [n, n]
        Standard errors; 0 if all coalitions were scored, NaN where a pair was sampled less than
        twice (its interaction is NaN if it was never sampled).
    empty_value, full_value : float
        Values of the empty and the grand coalition.
    """

    shapley: DoubleArray
    interaction: DoubleArray
    shapley_error: DoubleArray
    interaction_error: DoubleArray
    empty_value: float
    full_value: float


def exact_interactions(game: Game, players: int) -> Interactions:
    """Compute Shapley values and interaction indices from all 2^n coalitions.

    `I_ij = sum over S without i, j of |S|! (n-|S|-2)! / (n-1)! [v(Sij) - v(Si) - v(Sj) + v(S)]`.

    Parameters
    ----------
    game : callable
        Maps coalitions bool [m, n] to values float [m].
    players : int
        Number of players n, from 1 to 8.

    Returns
    -------
    Interactions

    Raises
    ------
    EvidenceError
        For no player or more than 8, and for values that are not finite.

    References
    ----------
    Shapley, "A value for n-person games", 1953; Grabisch & Roubens, "An axiomatic approach to the
    concept of interaction among players in cooperative games", 1999.
    """
    if not 1 <= players <= EXACT_PLAYERS:
        raise EvidenceError(
            f"All coalitions can be scored for 1 to {EXACT_PLAYERS} regions, not for {players}. "
            "Choose fewer regions, or sample the coalitions."
        )
    codes = np.arange(2**players)
    present = (codes[:, None] >> np.arange(players) & 1).astype(bool)
    value = _evaluate(game, present)
    sizes = present.sum(1)
    shapley, interaction = np.zeros(players), np.zeros((players, players))
    for i in range(players):
        without = codes[~present[:, i]]
        weight = _coalition_weights(players, 1)[sizes[without]]
        shapley[i] = weight @ (value[without | 1 << i] - value[without])
        for j in range(i):
            neither = without[~present[without, j]]
            both, first, second = neither | 1 << i | 1 << j, neither | 1 << i, neither | 1 << j
            gain = value[both] - value[first] - value[second] + value[neither]
            interaction[i, j] = interaction[j, i] = (
                _coalition_weights(players, 2)[sizes[neither]] @ gain
            )
    none = np.zeros_like(shapley), np.zeros_like(interaction)
    return Interactions(shapley, interaction, *none, float(value[0]), float(value[-1]))


def sampled_interactions(
    game: Game, players: int, *, orders: int = 64, seed: int = 0
) -> Interactions:
    """Estimate Shapley values and interaction indices from random orders of arrival.

    Each order is followed by its reverse. Along an order, a player's contribution is what it adds
    to those before it; the reverse order cancels much of the noise (antithetic sampling). Two
    neighbours in an order give an unbiased sample of their interaction index for one more
    coalition. An order of n players needs 2n - 2 coalitions besides the empty and the grand one.

    Parameters
    ----------
    game : callable
        Maps coalitions bool [m, n] to values float [m].
    players : int
        2 or more.
    orders : int
        Number of orders, even, 4 or more.
    seed : int
        Seed of the orders.

    Returns
    -------
    Interactions

    Raises
    ------
    EvidenceError
        For too few players or orders, and for values that are not finite.

    References
    ----------
    Castro et al., "Polynomial calculation of the Shapley value based on sampling", 2009.
    """
    if players < 2 or orders < 4 or orders % 2:
        raise EvidenceError(
            f"A sample needs at least 2 regions and an even number of orders, at least 4; "
            f"there are {players} regions and {orders} orders."
        )
    random = np.random.default_rng(seed)
    ends = _evaluate(game, np.repeat([[False], [True]], players, axis=1))
    contributions = np.zeros((orders // 2, players))
    pairs = _Pairs(players)
    for pair in range(orders // 2):
        order = random.permutation(players)
        joint = np.zeros(players - 1)
        for step in (1, -1):  # an order and its reverse: one sample, for they are not independent
            prefix, skipped = _values_along(game, order[::step], ends)
            contributions[pair, order[::step]] += np.diff(prefix) / 2
            joint += (prefix[2:] - prefix[1:-1] - skipped + prefix[:-2])[::step] / 2
        pairs.add(order, joint)
    error = contributions.std(0, ddof=1) / np.sqrt(len(contributions))
    empty_value, full_value = map(float, ends)
    return Interactions(
        contributions.mean(0), pairs.mean(), error, pairs.error(), empty_value, full_value
    )


@dataclass(frozen=True, eq=False)
class PairGains:
    """What two players gain together beyond each alone, float64 [n, n], 0 on the diagonal.

    Attributes
    ----------
    alone : float64 [n, n]
        Added to the empty coalition, `v(ij) - v(i) - v(j) + v()`.
    in_context : float64 [n, n]
        Added to all others, `v(N) - v(N-i) - v(N-j) + v(N-ij)`.

    Notes
    -----
    The interaction index averages over all coalitions between the two extremes, which disagree
    where a value saturates.
    """

    alone: DoubleArray
    in_context: DoubleArray


def pair_gains(game: Game, players: int) -> PairGains:
    """Compute the two extremes of an interaction with n^2 + n + 2 coalitions in one call.

    Parameters
    ----------
    game : callable
        Maps coalitions bool [m, n] to values float [m].
    players : int
        2 or more.

    Returns
    -------
    PairGains

    Raises
    ------
    EvidenceError
        For fewer than two players, and for values that are not finite.
    """
    if players < 2:
        raise EvidenceError(f"A pair needs two regions; there are {players}. Choose more regions.")
    first, second = np.triu_indices(players, 1)
    single = np.eye(players, dtype=bool)
    few = np.concatenate([np.zeros((1, players), bool), single, single[first] | single[second]])
    value = _evaluate(game, np.concatenate([few, ~few]))
    gains = []
    for part in np.split(value, 2):
        one, two = part[1 : players + 1], part[players + 1 :]
        gain = np.zeros((players, players))
        gain[first, second] = two - one[first] - one[second] + part[0]
        gains.append(gain + gain.T)
    return PairGains(*gains)


class _Pairs:
    """Running sums over the samples of each pair of players."""

    def __init__(self, players: int) -> None:
        self.count, self.total, self.squares = np.zeros((3, players, players))

    def add(self, order: IntArray, samples: DoubleArray) -> None:
        """Add a sample for each two neighbours of the order."""
        for first, second in ((order[:-1], order[1:]), (order[1:], order[:-1])):
            self.count[first, second] += 1
            self.total[first, second] += samples
            self.squares[first, second] += samples**2

    def mean(self) -> DoubleArray:
        """Mean interaction; NaN where a pair was never sampled, 0 on the diagonal."""
        counts = np.maximum(self.count, 1)
        mean = np.where(self.count > 0, self.total / counts, np.nan)
        np.fill_diagonal(mean, 0.0)
        return np.asarray(mean, dtype=np.float64)

    def error(self) -> DoubleArray:
        """Standard errors; NaN where a pair was sampled less than twice, 0 on the diagonal."""
        counts = np.maximum(self.count, 2)
        spread = np.maximum(self.squares - self.total**2 / counts, 0) / (counts - 1)
        error = np.where(self.count >= 2, np.sqrt(spread / counts), np.nan)
        np.fill_diagonal(error, 0.0)
        return np.asarray(error, dtype=np.float64)


def _values_along(
    game: Game, order: IntArray, ends: DoubleArray
) -> tuple[DoubleArray, DoubleArray]:
    """Values of the first 0..n players, and of each prefix without its last but one."""
    players = len(order)
    rank = np.empty(players, dtype=np.int64)
    rank[order] = np.arange(players)
    prefixes = rank < np.arange(1, players)[:, None]
    skipping = rank < np.arange(2, players + 1)[:, None]
    skipping &= rank != np.arange(players - 1)[:, None]
    values = _evaluate(game, np.concatenate([prefixes, skipping]))
    return np.concatenate([ends[:1], values[: players - 1], ends[1:]]), values[players - 1 :]


def _evaluate(game: Game, coalitions: BoolArray) -> DoubleArray:
    """Evaluate the game and check its values."""
    values = np.asarray(game(coalitions), dtype=np.float64)
    if values.shape != (len(coalitions),) or not np.isfinite(values).all():
        raise EvidenceError(
            "The score of a coalition of regions is not a finite number. "
            "Check the network's weights."
        )
    return values


def _coalition_weights(players: int, together: int) -> DoubleArray:
    """Weights of a coalition by its size, for `joint` players who join it at once."""
    rest = players - together
    return np.array(
        [factorial(s) * factorial(rest - s) / factorial(rest + 1) for s in range(rest + 1)]
    )
