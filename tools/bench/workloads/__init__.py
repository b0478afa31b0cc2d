"""Workloads: one file each, with TITLE and `measure(lab, rounds, seconds) -> report.Result`."""


def alternate(peers, rounds, sample):
    """{name: [sample(peer) once a round]}; the order turns by one each round, so that none is always first."""
    names, out = list(peers), {name: [] for name in peers}
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            out[name].append(sample(peers[name]))
    return out
