"""Dawid and Skene by Crowd-Kit: reads a CSV of question, worker and answer, runs exactly so many rounds and prints
{question: {answer: probability}} as JSON. Not installed by the tests (it is three quarters of a gigabyte): give
MADANG_CROWD_KIT a Python that has `crowd-kit`.

    python3 -m venv somewhere && somewhere/bin/pip install crowd-kit==1.4.1
    MADANG_CROWD_KIT=somewhere/bin/python cargo test -p madang-domain crowd_kit
"""

import json
import sys

import pandas
from crowdkit.aggregation import DawidSkene

answers = pandas.read_csv(sys.argv[1], dtype=str)
answers.columns = ["task", "worker", "label"]
# A tolerance that no gain falls below: all rounds are run.
found = DawidSkene(n_iter=int(sys.argv[2]), tol=-1e9).fit_predict_proba(answers)
json.dump({str(task): {str(label): float(p) for label, p in row.items()} for task, row in found.iterrows()}, sys.stdout)
