"""Where transforms get their random numbers."""
import numpy as np


def generator(results):
    """The sample's own generator, ``results['rng']``.

    A dataset seeds one per (seed, epoch, sample), so a sample does not depend on which worker
    made it, nor on how many there are. A sample built by hand has none and gets a fresh one.
    """
    if results.get('rng') is None:
        results['rng'] = np.random.default_rng()
    return results['rng']
