"""Graph mode: capture a function as a graph, improve it pass by pass, run it."""
