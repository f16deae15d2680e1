"""The loops: written in the kernel language, run by the driver.  Knows addresses, specs and numbers; no gate."""
