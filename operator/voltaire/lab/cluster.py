"""What the users of a lab know of one of its clusters."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class LabCluster:
    """A running control plane, and the files that let an administrator in."""

    name: str
    server_url: str
    ca_pem_path: Path
    admin_kubeconfig: Path
    admin_certificate: Path
    admin_key: Path

    @property
    def ca_pem(self) -> bytes:
        """The certificate authority of the API server, PEM."""
        return self.ca_pem_path.read_bytes()

    def to_json(self) -> dict[str, str]:
        """Plain values for the state file."""
        return {key: str(value) for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> LabCluster:
        """The reverse of `to_json`."""
        return cls(
            data["name"],
            data["server_url"],
            *(
                Path(data[key])
                for key in ("ca_pem_path", "admin_kubeconfig", "admin_certificate", "admin_key")
            ),
        )
