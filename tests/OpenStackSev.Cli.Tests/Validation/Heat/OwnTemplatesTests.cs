using OpenStackSev.Cli.Validation.Heat;
using OpenStackSev.Validation.Templates;

namespace OpenStackSev.Cli.Tests.Validation.Heat;

/// <summary>The templates of heat-templates, by their environments.</summary>
public sealed class OwnTemplatesTests : IDisposable
{
    private static readonly string s_folder = Path.Join(Repository.Root, "heat-templates");

    /// <summary>What a template without a default wants.</summary>
    private static readonly string[] s_parameters =
    [
        "--parameter", "hosts=c1", "--parameter", "name=n", "--parameter", "location=https://images/i", "--parameter", "project=p", "--parameter", "user=u",
        "--parameter", "volume_type=t", "--parameter", "external_network=n", "--parameter", "attestation_service=192.0.2.7/32", "--parameter", "prefix=p",
        "--parameter", "extra_specs={\"hw:mem_encryption\": \"false\"}",
    ];

    private readonly Bodies _bodies = new();

    public static TheoryData<string, string> All
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (string template in Directory.GetFiles(s_folder, "*.yaml", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(s_folder, path)).Where(path => path.Contains('/')))
            {
                foreach (string environment in (string[])["snp_env.yaml", "sev_es_env.yaml", "sev_env.yaml"])
                    all.Add(template, environment);
            }
            return all;
        }
    }

    public void Dispose() => _bodies.Dispose();

    [Theory, MemberData(nameof(All))]
    public async Task A_template_is_judged_whole_and_has_nothing_above_a_hint(string template, string environment)
    {
        CommandLine run = await RunAsync(template, environment, "2026.2", []);
        Assert.True(run.ExitCode == 0, run.Out + run.Error);
        int servers = template.StartsWith("tenant/", StringComparison.Ordinal) && template != "tenant/network.yaml" ? 1 : 0;
        Assert.Equal(servers, run.Json().GetProperty("pairs").EnumerateArray().Count(pair => pair.GetProperty("resource").GetString()!.EndsWith("server", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("flavors.yaml", "--parameter", "models=amd-sev", "--parameter", "model_key=false")]
    [InlineData("image.yaml", "--parameter", "model=amd-sev", "--parameter", "model_key=false")]
    public async Task An_older_Nova_takes_what_its_parameters_make(string template, params string[] options)
    {
        CommandLine run = await RunAsync("operator/" + template, "sev_env.yaml", "zed", options);
        Assert.True(run.ExitCode == 0, run.Out + run.Error);
    }

    [Theory, InlineData("sev_env.yaml"), InlineData("sev_es_env.yaml")]
    public async Task To_wait_for_a_proof_that_no_guest_can_give_is_an_error(string environment)
    {
        CommandLine run = await RunAsync("tenant/confidential_server.yaml", environment, "2026.2", ["--parameter", "attestation=required"]);
        Assert.Equal(["heat.gate.unprovable"], HeatFolder.Codes(run));
    }

    [Fact]
    public async Task Without_attestation_there_is_a_hint_and_no_gate()
    {
        CommandLine run = await RunAsync("tenant/confidential_server.yaml", "snp_env.yaml", "2026.2", ["-e", Path.Join(s_folder, "attest_off_env.yaml")]);
        Assert.Contains("heat.server.without_gate", HeatFolder.Findings(run).Select(finding => finding.GetProperty("code").GetString()));
        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public async Task The_readme_names_every_template_with_its_parameters_and_every_environment()
    {
        string readme = await File.ReadAllTextAsync(Path.Join(s_folder, "README.md"), TestContext.Current.CancellationToken);
        foreach (string path in Directory.GetFiles(s_folder, "*.yaml", SearchOption.AllDirectories))
        {
            Assert.Contains(Path.GetFileName(path), readme, StringComparison.Ordinal);
            TemplateMap template = TemplateYaml.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken), out _)!;
            string[] missing = template.Entries.GetValueOrDefault("parameters") is TemplateMap parameters
                ? [.. parameters.Entries.Keys.Where(name => !readme.Contains($"`{name}`", StringComparison.Ordinal))] : [];
            Assert.True(missing.Length == 0, $"{path}: {string.Join(", ", missing)}");
        }
    }

    private Task<CommandLine> RunAsync(string template, string environment, string release, string[] options)
    {
        (string name, string model, string guard) = environment switch
        {
            "snp_env.yaml" => ("sev-snp", "amd-sev-snp", "CUSTOM_SEV_SNP"),
            "sev_es_env.yaml" => ("sev-es", "amd-sev-es", "CUSTOM_SEV_ES"),
            _ => ("sev", "amd-sev", "CUSTOM_SEV"),
        };
        string flavor = _bodies.File("flavor.json", Bodies.Flavor(name + ".small", "1",
            ("hw:mem_encryption", "true"), ("hw:mem_encryption_model", model), ($"resources:{guard}_ASID", "1"), ($"trait:{guard}", "required")));
        string image = _bodies.File("image.json", Bodies.Image(name + "-image", Bodies.ImageId, ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"),
            ("hw_firmware_stateless", name == "sev-snp" ? "true" : "false"), ("hw_mem_encryption", "true"), ("hw_mem_encryption_model", model)));
        return CommandLine.RunAsync(["validate", "--heat", Path.Join(s_folder, template), "-e", Path.Join(s_folder, environment), .. s_parameters, "--flavor-file", flavor, "--image-file", image,
            "--parameter", "attester_package=https://images/openstack-sev-guest.deb", "--parameter", $"attester_sha256={new string('a', 64)}",
            "--release", release, "-f", "json", .. options]);
    }
}
