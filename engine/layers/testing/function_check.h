// Checks layers that compute y = f(x), elementwise.
#ifndef QUANTD_ENGINE_LAYERS_TESTING_FUNCTION_CHECK_H_
#define QUANTD_ENGINE_LAYERS_TESTING_FUNCTION_CHECK_H_

#include <string>
#include <vector>

namespace quantd::testing {

// Checks that the layer `fields` ("type: 'ELU' elu_param { alpha: 2 }") maps
// x[i] to y[i], with a top of its own and in place.
void ExpectFunction(const std::string& fields, const std::vector<float>& x,
                    const std::vector<float>& y, float tolerance = 1e-5f);

// Checks its gradient at `x` against finite differences (of +-0.01), with a top
// of its own and in place. No x may be near a kink.
void ExpectFunctionGradient(const std::string& fields,
                            const std::vector<float>& x);

// Checks that NaN gives NaN and other elements are not affected.
void ExpectNanPasses(const std::string& fields);

}  // namespace quantd::testing

#endif  // QUANTD_ENGINE_LAYERS_TESTING_FUNCTION_CHECK_H_
