"""Greeks of today's options: one interface for strategies, whether they come from a feed or are worked out here."""
