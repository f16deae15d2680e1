"""What every public function and layer refuses: at least five bad inputs each, and what the errors say."""
