"""Evaluation (测评) and rectification (整改).

Question: how would an evaluator score the object, what has to be mended, by whom, until when, and is it mended?
In: verdicts of the controls, findings of evaluators, the crypto uses seen.  Out: scores by three templates with their
assumptions, findings through to closed, trend, material folders, the protection plan, the crypto register.
"""
