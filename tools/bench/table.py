"""The document as people read it on a terminal."""


def figure(value):
    """Four digits that matter, and no more."""
    if value is None:
        return "–"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 or size == 0 else f"{value:.4f}"


def block(result):
    """One workload."""
    columns, rows = [], result["rows"]
    for row in rows:
        columns += [name for name in row.get("columns", {}) if name not in columns]
    compared = any("ratio" in row for row in rows)
    head = ["", "median", "lowest", "highest", ""] + (["tapswitch ÷ it"] if compared else []) + columns
    lines = [head]
    for row in rows:
        line = [row["title"], figure(row["median"]), figure(row["lowest"]), figure(row["highest"]), row["unit"]]
        if compared:
            ratio = row.get("ratio")
            line.append(f"{ratio['median']:.2f} ({ratio['lowest']:.2f}–{ratio['highest']:.2f})" if ratio else "")
        lines.append(line + [figure(row.get("columns", {}).get(name)) for name in columns])
    widths = [max(len(line[index]) for line in lines) for index in range(len(head))]
    print(f"\n{result['name']}: {result['title']}\n")
    for line in lines:
        cells = [cell.ljust(width) if index in (0, 4) else cell.rjust(width)
                 for index, (cell, width) in enumerate(zip(line, widths))]
        print("  " + "  ".join(cells).rstrip())


def limits(workloads):
    print("\nmust reach\n")
    for result in workloads:
        for one in result["limits"]:
            sign = "≤" if one["kind"] == "at most" else "≥"
            if one["met"] is None:
                print(f"  –       {one['title']}: not measured ({sign} {one['limit']:g})")
                continue
            aim = ""
            if one["aim"] is not None:
                aim = f"; aim {one['aim']:g}{' reached' if one['value'] >= one['aim'] else ''}"
            print(f"  {'met   ' if one['met'] else 'MISSED'}  {one['title']}: {figure(one['value'])} ({sign} {one['limit']:g}{aim})")


def show(document):
    machine = document["machine"]
    print(f"{machine['tapswitch']}, Linux {machine['kernel']}, {machine['cores']} × {machine['cpu']}, load at the start "
          f"{machine['load']}; {document['rounds']} rounds of {document['seconds']:g} s, queues of {document['queue']} frames")
    for result in document["workloads"]:
        block(result)
    if document["skipped"]:
        print("\nnot measured\n")
        for line in document["skipped"]:
            print(f"  {line}")
    if any(result["limits"] for result in document["workloads"]):
        limits(document["workloads"])
