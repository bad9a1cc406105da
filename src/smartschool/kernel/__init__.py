"""What every room stands on: scope, policy, audit, event, clock, ids, crypto, files, registry. No business noun."""
