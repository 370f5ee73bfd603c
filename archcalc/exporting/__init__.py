"""The Keras target as it was before `codegen`: it walks the elaborated net, and tries values.

It goes when Keras is printed from the module IR; nothing new belongs here. `lanes` are the places
where one piece of code must hold, `runs` and `edges` the values that are tried, `freeing` the vars
that they leave free.
"""
