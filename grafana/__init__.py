"""Grafana's dashboards as code. Only for whoever changes them: Grafana itself reads what is under grafana/dashboards.

python -m grafana
"""
