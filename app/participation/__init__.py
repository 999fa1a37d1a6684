"""Taking part: the roster that trainings, seminars and study tours each have, its sessions, enrollments, attendance and tests."""
