"""Where: country, regions, districts and mahallas with their SOATO codes and names in four languages."""
