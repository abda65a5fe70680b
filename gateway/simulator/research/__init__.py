"""What is said about instruments: headlines, bulletins, scans, company reports."""
