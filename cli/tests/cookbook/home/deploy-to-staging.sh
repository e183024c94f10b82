#!/bin/sh
# Stands in for a deployment.
echo "deployed to staging"
