#!/usr/bin/env python3
"""Draws the results: pictures.py DIRECTORY <results.json. One picture for each workload that compares or scales, and `overview` with
those that the README shows, each as PNG and SVG. Bars are medians, thin lines go from the lowest to the highest sample; the upper axis
is the ratio to tapswitch."""
import json
import os
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams.update({
    "font.size": 9, "axes.spines.right": False, "axes.titlesize": 10, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "svg.fonttype": "none", "svg.hashsalt": "tapswitch", "figure.facecolor": "white", "font.family": "DejaVu Sans"})

import matplotlib.pyplot as plt  # noqa: E402

COLOURS = {"tapswitch": "#0b6e4f", "tapswitch-plain": "#6bb392", "relay": "#8d99ae", "bridge": "#e09f3e", "ovs-tso": "#335c81",
           "ovs": "#7a9cc6", "vde": "#9e2a2b"}
OVERVIEW = ["tcp1", "tcp4", "udp-18", "ndr", "rtt", "broadcast-16"]
LESS = {"µs"}  # units of which less is better


def better(result):
    return "less is better" if result["unit"] in LESS else "more is better"


def bars(axes, result, short=False):
    """Horizontal bars, tapswitch on top."""
    rows = result["rows"][::-1]
    places = range(len(rows))
    medians = [row["median"] for row in rows]
    axes.barh(places, medians, color=[COLOURS.get(row["key"], "#bbbbbb") for row in rows], height=0.72)
    axes.hlines(places, [row["lowest"] for row in rows], [row["highest"] for row in rows], color="#222222", linewidth=1)
    axes.set_yticks(list(places), [row["title"] for row in rows])
    if result["unit"] in LESS and max(medians) > 20 * min(medians):
        axes.set_xscale("log")
    else:
        axes.set_xlim(0, max(row["highest"] for row in rows) * 1.18)
    for place, row in zip(places, rows):
        axes.annotate(f" {row['median']:,.3g}" if row["median"] < 1000 else f" {row['median']:,.0f}", (row["highest"], place),
                      va="center", fontsize=8)
    axes.set_xlabel(f"{result['unit']} ({better(result)})", fontsize=8)
    own = next((row["median"] for row in rows if row["key"] == result["reference"]), None)
    if own:
        upper = axes.secondary_xaxis("top", functions=(lambda x: x / own, lambda x: x * own))
        upper.tick_params(labelsize=7, colors="#666666")
        upper.spines["top"].set_color("#bbbbbb")
        axes.axvline(own, color=COLOURS["tapswitch"], linewidth=0.8, linestyle=":")
    else:
        axes.spines["top"].set_visible(False)
    axes.set_title(heading(result, short), pad=16 if own else 6)


def heading(result, short):
    title = result["title"]
    if short:
        title = title.split(", ")[0].replace(" between two namespaces", "").replace("highest rate of ", "")
    return title[0].upper() + title[1:]


def line(axes, result):
    """Medians over an axis of sizes, with the spread."""
    rows = sorted(result["rows"], key=lambda row: row["x"])
    places, medians = [row["x"] for row in rows], [row["median"] for row in rows]
    axes.vlines(places, [row["lowest"] for row in rows], [row["highest"] for row in rows], color="#222222", linewidth=1)
    axes.plot(places, medians, marker="o", color=COLOURS["tapswitch"])
    axes.set_xscale("log")
    axes.set_xticks(places, [f"{place:,}" for place in places])
    axes.minorticks_off()
    axes.set_ylim(0, max(row["highest"] for row in rows) * 1.15)
    axes.set_xlabel(result["axis"])
    axes.set_ylabel(result["unit"])
    axes.spines["top"].set_visible(False)
    axes.set_title(heading(result, False))


def save(figure, directory, name, document, compared=True):
    machine = document["machine"]
    figure.text(0.995, 0.005, f"{machine['tapswitch']}, Linux {machine['kernel'].split('-')[0]}, {machine['cores']} cores {machine['cpu']}; "
                f"medians, measured in turn; thin lines: lowest to highest{'; above: ratio to tapswitch' if compared else ''}",
                ha="right", va="bottom", fontsize=6, color="#666666")
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
        figure.savefig(os.path.join(directory, f"{name}.{kind}"), dpi=150, metadata=metadata)
    plt.close(figure)


def draw(document, directory):
    os.makedirs(directory, exist_ok=True)
    known = {result["name"]: result for result in document["workloads"]}
    for result in known.values():
        if result["axis"] and len(result["rows"]) > 1:
            figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
            line(axes, result)
        elif result["reference"] and len(result["rows"]) > 1:
            figure, axes = plt.subplots(figsize=(7.5, 1.3 + 0.32 * len(result["rows"])), layout="constrained")
            bars(axes, result)
        else:
            continue
        figure.get_layout_engine().set(rect=(0, 0.04, 1, 0.96))
        save(figure, directory, result["name"], document, not result["axis"])
    chosen = [known[name] for name in OVERVIEW if name in known and known[name]["reference"] and len(known[name]["rows"]) > 1]
    if chosen:
        lines = (len(chosen) + 1) // 2
        figure, grid = plt.subplots(lines, min(2, len(chosen)), figsize=(11.5, 2.9 * lines), layout="constrained", squeeze=False)
        for axes, result in zip(grid.flat, chosen):
            bars(axes, result, short=True)
        for axes in list(grid.flat)[len(chosen):]:
            axes.set_visible(False)
        figure.get_layout_engine().set(rect=(0, 0.02, 1, 0.98), hspace=0.06)
        save(figure, directory, "overview", document)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: pictures.py DIRECTORY <results.json")
    draw(json.load(sys.stdin), sys.argv[1])
