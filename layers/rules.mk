# How a layer is built; each layer's Makefile includes this file. `sam build` calls them, and is
# called by `make package` and `make up`, which alone know the target (local/package/recipe.py):
#
# LAYER_INSTALL  the command that installs a requirements file as wheels of the target
# LAYER_COMPILE  the command that compiles with the runtime's Python; empty for no bytecode
ifndef LAYER_INSTALL
$(error `sam build` alone does not know the target of the layers: use `make package`)
endif

SITE := $(ARTIFACTS_DIR)/python

# Only botocore's signing and credentials are used; its service models are most of its size. Of
# Strawberry, the schema is used, and no web framework.
UNUSED := bin botocore/data certifi/tests \
	$(addprefix strawberry/,aiohttp asgi chalice channels django fastapi flask litestar quart sanic test)

define install
	$(LAYER_INSTALL) --target "$(SITE)" --requirement requirements.txt
	cd "$(SITE)" && rm -rf $(UNUSED) && find . -mindepth 1 -name '.*' -prune -exec rm -rf {} +
endef

define compile
	$(if $(LAYER_COMPILE),$(LAYER_COMPILE) -s "$(SITE)" -p /opt/python "$(SITE)")
endef
