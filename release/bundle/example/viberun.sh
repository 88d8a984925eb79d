#!/bin/sh
echo "an example"
