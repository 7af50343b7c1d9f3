"""The Nemotron family as data: models, their names, who hosts them and for how much. Knows files of its own; serves nothing."""
