"""What every room stands on: scope, policy, audit, event, clock, ids, crypto, files. No business noun."""
