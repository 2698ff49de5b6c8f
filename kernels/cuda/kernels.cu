// All families, as one image.
#include "field.cu"
#include "fold.cu"
#include "grinding.cu"
#include "limits.cu"
#include "matrix.cu"
#include "merkle_tree.cu"
#include "ntt.cu"
#include "poseidon2.cu"
