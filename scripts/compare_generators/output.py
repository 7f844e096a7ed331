"""What a session leaves: rows, medians with intervals, a text for people."""

import csv
import json

from compare_generators.statistics import median, median_interval

COLUMNS = ("round", "server", "connections", "client", "requests", "requests_per_second",
           "cpu_us_per_request", "p50_us", "p99_us", "errors", "client_cpu_share",
           "server_cpu_share", "client_cpu_s", "wall_s", "note")


def paired_ratios(rows, client, base, value):
    """value(client) / value(base) of each round that has both."""
    of_base = {r["round"]: value(r) for r in rows if r["client"] == base and not r["failed"]}
    return [value(r) / of_base[r["round"]] for r in rows
            if r["client"] == client and not r["failed"] and of_base.get(r["round"])]


def requests_per_second(row):
    return row["requests_per_second"]


def requests_per_cpu_second(row):
    return row["requests"] / row["client_cpu_s"] if row["client_cpu_s"] else 0.0


def summarize(rows, clients, base):
    """One entry for each server, number of connections and client."""
    points = []
    for server, connections in sorted({(r["server"], r["connections"]) for r in rows}):
        here = [r for r in rows if (r["server"], r["connections"]) == (server, connections)]
        for client in clients:
            mine = [r for r in here if r["client"] == client and not r["failed"]]
            point = {"server": server, "connections": connections, "client": client,
                     "rounds": len(mine),
                     "failed": sum(r["failed"] for r in here if r["client"] == client),
                     "errors": sum(r["errors"] for r in mine),
                     "notes": sorted({r["note"] for r in mine if r["note"]})}
            for column in ("requests_per_second", "cpu_us_per_request", "p50_us", "p99_us",
                           "client_cpu_share", "server_cpu_share"):
                point[column] = median([r[column] for r in mine])
            for name, value in (("rate", requests_per_second),
                                ("per_cpu_second", requests_per_cpu_second)):
                middle, low, high, coverage = median_interval(
                    paired_ratios(here, client, base, value))
                point[f"{name}_ratio"] = {"median": middle, "low": low, "high": high,
                                          "coverage": coverage}
            points.append(point)
    return points


def figure(value, width, form):
    return ("n/a" if value is None else format(value, form)).rjust(width)


def ratio_text(ratio):
    if ratio["median"] is None:
        return "n/a"
    return f"{ratio['median']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}]"


def text_table(points, base):
    lines = []
    header = (f"{'client':<18}{'req/s':>9}{'CPU us/req':>12}{'p50 us':>9}{'p99 us':>9}"
              f"{'CPU':>6}{'server':>8}  {'req/s to ' + base:<20}  "
              f"{'req/CPU-s to ' + base:<20}")
    last = None
    for p in points:
        if (p["server"], p["connections"]) != last:
            last = p["server"], p["connections"]
            lines += ["", f"{p['server']}, {p['connections']} connection"
                      f"{'s' if p['connections'] != 1 else ''}", header]
        lines.append(
            f"{p['client']:<18}{figure(p['requests_per_second'], 9, '.0f')}"
            f"{figure(p['cpu_us_per_request'], 12, '.2f')}{figure(p['p50_us'], 9, '.0f')}"
            f"{figure(p['p99_us'], 9, '.0f')}{figure(p['client_cpu_share'], 6, '.0%')}"
            f"{figure(p['server_cpu_share'], 8, '.0%')}  "
            f"{ratio_text(p['rate_ratio']):<20}  {ratio_text(p['per_cpu_second_ratio']):<20}"
            + (f"  {p['failed']} of {p['rounds'] + p['failed']} failed" if p["failed"] else "")
            + (f"  {p['errors']} errors" if p["errors"] else "")
            + (f"  ({', '.join(p['notes'])})" if p["notes"] else ""))
    return lines


def write(directory, session, rows, points, text):
    with open(f"{directory}/trials.csv", "w", newline="") as f:
        writer = csv.DictWriter(f, COLUMNS, extrasaction="ignore", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    with open(f"{directory}/generators.json", "w") as f:
        json.dump({"session": session, "points": points}, f, indent=1)
        f.write("\n")
    with open(f"{directory}/summary.txt", "w") as f:
        f.write(text)
