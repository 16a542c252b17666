"""Look inside: anatomy, traces, feature maps, filters, matrices."""
