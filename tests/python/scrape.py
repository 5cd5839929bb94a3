"""Asks for pages, and reads metrics as Prometheus' own parsers do: a JSON object on each line of the input, one answer each.

Asked: {"url": ..., "format": "openmetrics", "prometheus" or null}. Answered: {"status": ..., "kind": ..., "text": ...} and, for
a format, "families": what the parser has found.
"""

import json
import sys
import urllib.error
import urllib.request

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser

ACCEPTS = {
    # As Prometheus itself asks.
    "openmetrics": "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    "prometheus": "text/plain;version=0.0.4",
    None: "*/*",
}


def ask(url, accept):
    request = urllib.request.Request(url, headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers["content-type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["content-type"], error.read().decode()
    except OSError as error:
        return 0, "", str(error)


def parse(kind, text):
    # Each is strict about its own form, and refuses the other's.
    read = openmetrics_parser if kind.startswith("application/openmetrics-text") else parser
    for family in read.text_string_to_metric_families(text):
        samples = [[sample.name, sample.labels, sample.value] for sample in family.samples]
        yield {
            "name": family.name,
            "type": family.type,
            "unit": family.unit,
            "help": family.documentation,
            "samples": [[name, labels, value if value == value else None] for name, labels, value in samples],
        }


def main():
    for line in sys.stdin:
        asked = json.loads(line)
        status, kind, text = ask(asked["url"], ACCEPTS[asked["format"]])
        answer = {"status": status, "kind": kind, "text": text}
        if asked["format"] is not None and status == 200:
            answer["families"] = list(parse(kind, text))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
