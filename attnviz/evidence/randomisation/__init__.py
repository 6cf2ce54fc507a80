"""Sanity checks: does a map change when the weights become random?"""
