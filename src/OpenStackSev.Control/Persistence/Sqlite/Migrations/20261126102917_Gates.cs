using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenStackSev.Control.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Gates : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "instance_gates",
                columns: table => new
                {
                    Instance = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Project = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    Stack = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    Resource = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    Standing = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    Since = table.Column<long>(type: "INTEGER", nullable: false),
                    CheckedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Code = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    Detail = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    IsSuccess = table.Column<bool>(type: "INTEGER", nullable: true),
                    Reason = table.Column<string>(type: "TEXT", maxLength: 1000, nullable: true),
                    Data = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: true),
                    Failures = table.Column<int>(type: "INTEGER", nullable: false),
                    FailureCode = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    FailureDetail = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    NextLookAt = table.Column<long>(type: "INTEGER", nullable: false),
                    EndedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Version = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_instance_gates", x => x.Instance);
                });

            migrationBuilder.CreateIndex(
                name: "IX_instance_gates_EndedAt_Instance",
                table: "instance_gates",
                columns: new[] { "EndedAt", "Instance" });

            migrationBuilder.CreateIndex(
                name: "IX_instance_gates_Project_Instance",
                table: "instance_gates",
                columns: new[] { "Project", "Instance" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "instance_gates");
        }
    }
}
