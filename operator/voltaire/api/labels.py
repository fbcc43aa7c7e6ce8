"""Names that Voltaire writes on objects, its own and those in members."""

WORKLOAD_UID = "voltaire.dev/workload-uid"
EPOCH = "voltaire.dev/epoch"
MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "voltaire"
FIELD_MANAGER = "voltaire"
# Annotations
WORKLOAD = "voltaire.dev/workload"
COMPLETED_SECONDS = "voltaire.dev/completed-seconds"
ARRIVAL = "voltaire.dev/arrival"
# Finalizer on an AIWorkload: held until every member is clean.
FINALIZER = "voltaire.dev/cleanup"
DEFAULT_ACCELERATOR_RESOURCE = "nvidia.com/gpu"
ACCELERATOR_TYPE_LABEL = "nvidia.com/gpu.product"
OWN_PREFIXES = ("voltaire.dev/",)
