"""课程与知识图谱: knowledge points of each subject and stage, and which of them stands on which."""
