"""Settings by place of use; environment is read here and nowhere else."""
