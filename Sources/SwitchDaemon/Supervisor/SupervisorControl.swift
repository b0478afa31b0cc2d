// The supervisor is what the control API controls.

extension Supervisor: SwitchControl {}
