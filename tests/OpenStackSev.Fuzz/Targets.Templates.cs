using System.Text;
using OpenStackSev.Cli.Validation.Heat;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Templates;

namespace OpenStackSev.Fuzz;

internal static partial class Targets
{
    private const string Template = "/t/main.yaml", Part = "/t/part.yaml", Environment = "/t/env.yaml", Cut = "\n#cut\n";

    /// <summary>Of the functions' own bounds: 200,000 values and 16 MiB of text, a text being there several times while it is made.</summary>
    private const long TemplateAllowance = 256L * 1024 * 1024;

    // A template, one that it may nest, and an environment, as one input.
    private static Target HeatTemplate(Evidence _)
    {
        string folder = Path.Join(Repository.Root, "tests/OpenStackSev.Cli.Tests/Validation/Heat");
        string[] Read(string kind) => [.. Directory.GetFiles(Path.Join(folder, kind), "*.yaml").Order(StringComparer.Ordinal).Select(File.ReadAllText)];
        string part = File.ReadAllText(Path.Join(folder, "parts/member.yaml"));
        const string environment = "parameter_defaults: {flavor: f}\nresource_registry: {'My::*': 'OS::*', 'OS::Heat::Other': part.yaml, resources: {server: {'OS::Nova::Server': part.yaml, hooks: pre-create}}}\n";
        byte[][] seeds = [.. Read("attacks").Concat(Read("spellings")).Select(text => Encoding.UTF8.GetBytes(text.Replace("parts/member.yaml", "part.yaml", StringComparison.Ordinal) + Cut + part + Cut + environment))];
        return new("heat-template", TemplateFiles.MaximumBytes, seeds,
            Ascii("&a", "*a", "<<: ", "- ", ": ", "{", "}", "[", "]", "'", "\"", "~", "!!str ", "!!int ", "!!float ", "true", "yes", "010", "1:30", ".inf", ".nan", "1.0e+300", "%index%", Cut,
                "{get_param: ", "{get_attr: [", "{get_resource: ", "{if: [", "{repeat: {for_each: {X: [a, b]}, template: ", "{str_replace: {template: X, params: {X: ", "{list_join: ['', [", "{map_merge: [",
                "{map_replace: [", "{str_split: [',', ", "{list_concat_unique: [", "{equals: [", "{not: ", "{and: [", "{or: [", "{contains: [", "{yaql: ", "resources:\n", "conditions:\n", "outputs:\n",
                "parameters:\n", "  x: {type: ", "OS::Nova::Server", "OS::Nova::Flavor", "OS::Glance::WebImage", "OS::Heat::WaitCondition", "OS::Heat::WaitConditionHandle", "OS::Heat::ResourceGroup", "OS::Heat::None",
                "part.yaml", "main.yaml", "count: 100", "depends_on: ", "condition: ", "external_id: x", "openstack_sev_gate: ", "OS::stack_id", new string('[', 40), new string('9', 400)),
            bytes => Judge(Encoding.UTF8.GetString(bytes).Split(Cut)), TemplateAllowance);
    }

    private static void Judge(string[] texts)
    {
        Dictionary<string, TemplateMap> documents = new(StringComparer.Ordinal);
        foreach ((string path, string text) in new[] { Template, Part, Environment }.Zip(texts))
        {
            TemplateMap? document = TemplateYaml.Parse(text, out string? unread);
            if (document is null == unread is null)
                throw new WrongAnswerException("a document and what is wrong with it");
            if (document is not null)
                documents[path] = document;
        }
        if (!documents.ContainsKey(Template))
            return;
        TemplateFiles files = new(Template, documents.ContainsKey(Environment) ? [Environment] : [], documents, new Dictionary<string, string>(StringComparer.Ordinal));
        TemplateReading? reading = TemplateReading.Of(files, new Dictionary<string, string>(StringComparer.Ordinal), out string? problem);
        if (reading is null == problem is null)
            throw new WrongAnswerException("a reading and what is wrong with it");
        if (reading is null)
            return;
        TemplateJudgement judgement = TemplateJudgement.Of(reading, new Dictionary<string, FlavorSpec>(StringComparer.Ordinal), new Dictionary<string, ImageSpec>(StringComparer.Ordinal), ComputeRelease.Newest, null);
        int judged = judgement.Pairs.Count(pair => pair.Pair.Counterpart is null);
        if (judged > reading.Servers.Count || (judged < reading.Servers.Count && judgement.NotJudged.Count == 0))
            throw new WrongAnswerException("a server of which nothing is said");
    }
}
