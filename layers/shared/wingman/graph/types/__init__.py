"""The objects of the schema. Their fields are those of REST's models, which are shown as such."""
