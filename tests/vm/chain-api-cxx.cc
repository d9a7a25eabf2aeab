// SPDX-License-Identifier: LGPL-2.1-or-later
// chain-api-cxx IFACE OBJECT...: attaches a chain of these objects, the last one first, as an
// orchestrator in C++ would. Without an object it takes the chain off.
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <libxdppolicy-chain.h>

int main(int argc, char **argv)
{
	if (argc < 2)
		return 3;
	std::unique_ptr<xdp_policy, decltype(&xdp_policy__close)> policy(xdp_policy__open(nullptr),
									 xdp_policy__close);
	if (xdp_policy__get_error(policy.get()))
		return 3;

	std::vector<xdp_policy_chain_program> programs;
	for (int i = 2; i < argc; i++) {
		xdp_policy_chain_program program{};

		program.object = argv[i];
		program.frags = XDP_POLICY_FRAGS_AS_BUILT;
		program.app.has = 1U << XDP_POLICY_PRIORITY;
		program.app.num[XDP_POLICY_PRIORITY] = 100 - i;
		programs.push_back(program);
	}

	std::string log(1000, '\0');
	int failed = -1;
	xdp_policy_chain_opts opts{};

	opts.sz = sizeof(opts);
	opts.interface = argv[1];
	opts.programs = programs.data();
	opts.n_programs = programs.size();
	opts.program_sz = sizeof(programs[0]);
	opts.log = &log[0];
	opts.log_size = log.size();
	opts.failed = &failed;

	int rc = xdp_policy__attach_chain(policy.get(), &opts);

	std::cout << "RC " << rc << " " << (rc < 0 ? std::strerror(-rc) : "-") << " " << failed
		  << "\n"
		  << log.c_str() << std::endl;
	return rc < 0;
}
