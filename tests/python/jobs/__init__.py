"""Batch on loopback: moto, with what it leaves out, and jobs that are processes of this machine.

What moto does not do and this adds or does otherwise: states that mean what AWS documents (moto's jobs go from one to
the next by the clock, and take seconds for it), a limit of jobs that run at once, the cancelling of what has not
started, reasons of ends, exit codes and attempts, retries, the parents of arrays, the index of children in their
environment, pages and filters of ListJobs, limits of SubmitJob, and the order in which resources can be deleted.
"""
