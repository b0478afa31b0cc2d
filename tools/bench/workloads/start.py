"""From the start of the process to `ready`, with three ports. Threshold: 100 ms."""
from report import Result, Series, Threshold

TITLE = "start to ready, three TAPs in three namespaces"


def measure(lab, rounds, seconds):
    spaces, samples = [lab.namespace(f"s{number}") for number in range(3)], []
    for number in range(max(rounds, 5)):
        process, took = lab.switch(f"start{number}", [f"tap:eth0,netns={space.name},name=p{index}"
                                                      for index, space in enumerate(spaces)])
        samples.append(took * 1000)
        lab.end(process)
    series = Series("start to ready", "ms", samples)
    return Result("start", TITLE, [series], thresholds=[Threshold("start to ready, ms", series.median, 100, most=True)])
