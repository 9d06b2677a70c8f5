"""What applies at a site: facts, rules, verdict. A request goes site -> facts -> rules -> engine -> document."""
