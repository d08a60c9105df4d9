"""States as clusters: what a relabelling exchanges."""

import numpy as np

from scripts.expression import structure


def test_all_samples_of_a_state_are_exchanged_together_within_their_model():
    states = np.array(["untreated", "untreated", "persister", "untreated", "persister", "relapse", "relapse"])
    models = np.array(["a", "a", "a", "b", "b", "b", "b"])
    rng, seen = np.random.default_rng(0), set()
    for _ in range(200):
        found = structure.exchange_states(states, models, rng)
        assert found[0] == found[1] != found[2] and found[5] == found[6]
        assert sorted(set(found[3:])) == ["persister", "relapse", "untreated"]
        assert set(found[:3]) == {"persister", "untreated"}
        seen.add(tuple(found))
    assert len(seen) == 2 * 6
