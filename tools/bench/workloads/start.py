"""From the start of the process to `ready`, with three ports."""
from report import Result, Row


class Start:
    name, title, quick = "start", "start to ready, three TAPs in three namespaces", False

    def measure(self, bench):
        spaces, row = [bench.lab.namespace(f"s{number}") for number in range(3)], Row("start", "start to ready")
        for number in range(max(bench.rounds, 5)):
            process, took = bench.lab.switch(f"start{number}", [f"tap:eth0,netns={space.name},name=p{index}"
                                                                for index, space in enumerate(spaces)])
            row.add(took * 1000)
            bench.lab.end(process)
        for space in spaces:
            bench.lab.remove(space)
        result = Result(self.name, self.title, "ms", [row])
        result.require_row("start to ready, ms", "start", 100, most=True)
        return [result]
