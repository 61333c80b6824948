//! The .test script language: load, eval, expect.
