#!/bin/sh
# Stands in front of a program that a test wants to be missing.
exit 127
